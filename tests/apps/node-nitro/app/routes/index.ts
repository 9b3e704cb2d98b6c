export default defineEventHandler(() => 'Hello')
