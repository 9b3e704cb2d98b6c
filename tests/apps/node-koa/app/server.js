import Koa from "koa";
const app = new Koa();
app.use((ctx) => { ctx.body = "hello from koa"; });
app.listen(process.env.PORT || 3000);
