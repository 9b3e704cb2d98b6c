export default async event => ({
  status: 200,
  headers: { 'cache-control': 'no-store' },
  body: { hello: event.query.name ?? 'world', from: process.env.GREETER }
})
