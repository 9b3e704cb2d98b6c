const app = await NestFactory.create(AppModule)
await app.listen(process.env.PORT ?? 3000)
