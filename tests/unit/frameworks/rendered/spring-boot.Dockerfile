# Rendered by webduh from the build plan of an app: java (spring-boot).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Java 21: pom.xml asks for 21.
FROM maven:3-eclipse-temurin-21 AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,id=webduh-m2,target=/root/.m2,sharing=locked \
    mvn -B -DskipTests package
RUN cp "$(ls -S target/*.jar | grep -Ev '(-sources|-javadoc|-tests|-plain)\.jar$|/original-' | head -n 1)" app.jar

# Java 21: pom.xml asks for 21.
FROM eclipse-temurin:21-jre AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080
COPY --from=build /app/app.jar ./app.jar
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["java", "-XX:MaxRAMPercentage=75", "-Dserver.port=8080", "-jar", "app.jar"]
