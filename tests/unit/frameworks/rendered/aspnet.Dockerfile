# Rendered by webduh from the build plan of an app: dotnet (aspnet).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# .NET 9.0: Shop.csproj asks for 9.0.
FROM mcr.microsoft.com/dotnet/sdk:9.0 AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,id=webduh-nuget-packages,target=/root/.nuget/packages,sharing=locked \
    dotnet restore Shop.csproj
ENV DOTNET_ENVIRONMENT=Production \
    DOTNET_gcServer=0
RUN --mount=type=cache,id=webduh-nuget-packages,target=/root/.nuget/packages,sharing=locked \
    dotnet publish Shop.csproj -c Release -o out -p:UseAppHost=false --no-restore

# .NET 9.0: Shop.csproj asks for 9.0.
FROM mcr.microsoft.com/dotnet/aspnet:9.0 AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    DOTNET_ENVIRONMENT=Production \
    DOTNET_gcServer=0
COPY --from=build /app/out ./out
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["sh", "-c", "cd out && exec \"$@\"", "sh", "env", "ASPNETCORE_URLS=http://0.0.0.0:8080", "dotnet", "Shop.dll"]
