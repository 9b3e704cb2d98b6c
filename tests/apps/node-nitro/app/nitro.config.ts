export default defineNitroConfig({})
