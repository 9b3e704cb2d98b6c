new (require('koa'))().listen(process.env.PORT)
