export default defineConfig({})
