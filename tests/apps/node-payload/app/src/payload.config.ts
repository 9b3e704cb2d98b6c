import { sqliteAdapter } from "@payloadcms/db-sqlite";
import { buildConfig } from "payload";
export default buildConfig({
  collections: [{ slug: "posts", fields: [{ name: "title", type: "text" }] }],
  secret: process.env.PAYLOAD_SECRET || "",
  db: sqliteAdapter({ client: { url: process.env.DATABASE_URI || "" } }),
});
