import { Elysia } from "elysia";
const app = new Elysia().get("/", () => "hello from elysia").listen(3000);
console.log(`listening on ${app.server?.port}`);
