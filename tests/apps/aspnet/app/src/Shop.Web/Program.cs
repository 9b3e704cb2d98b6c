var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();
var greeting = Environment.GetEnvironmentVariable("GREETING") ?? "Hello";
app.MapGet("/", () => greeting);
app.Run();
