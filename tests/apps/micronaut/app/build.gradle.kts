plugins {
    id("io.micronaut.application") version "4.5.4"
    id("com.gradleup.shadow") version "8.3.8"
}
version = "0.1"
repositories { mavenCentral() }
dependencies { implementation("io.micronaut:micronaut-http-server-netty") }
application { mainClass = "com.example.Application" }
java { sourceCompatibility = JavaVersion.toVersion("21") }
micronaut { version("4.9.0"); runtime("netty") }
