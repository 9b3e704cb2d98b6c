Deno.serve((request) => new Response(Deno.env.get('GREETING') ?? 'hello'))
