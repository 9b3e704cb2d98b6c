"""Apps in Java and Kotlin, built by Maven and Gradle."""

import pytest
from compiled_apps import built, detected, plan, started
from source_tree import Tree

from webduh_console.frameworks import SourceError

MAIN = "package com.example;\npublic class App { public static void main(String[] args) { } }\n"
KOTLIN = "package com.example\n\nfun main() { }\n"
BOOT = """\
plugins {
    id 'java'
    id 'org.springframework.boot' version '3.5.0'
}
java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }
dependencies { implementation 'org.springframework.boot:spring-boot-starter-web' }
"""
WRAPPER = "distributionUrl=https\\://services.example/gradle-{}-bin.zip\n"


def pom(*dependencies: str, more: str = "", plugins: str = "", packaging: str = "jar") -> str:
    needed = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId></dependency>"
        for group, _, name in (one.partition(":") for one in dependencies)
    )
    built_by = "".join(f"<plugin><artifactId>{one}</artifactId></plugin>" for one in plugins.split())
    return (
        '<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0"><groupId>com.example</groupId>'
        f"<artifactId>shop</artifactId><version>1.0</version><packaging>{packaging}</packaging>{more}"
        f"<dependencies>{needed}</dependencies><build><plugins>{built_by}</plugins></build></project>"
    )


SPRING = ("org.springframework.boot:spring-boot-starter-web",)
BOOTED = "spring-boot-maven-plugin"


def test_spring_boot_is_one_jar_that_is_told_its_port(tree: Tree) -> None:
    files = {
        "pom.xml": pom(*SPRING, plugins=BOOTED, more="<properties><java.version>21</java.version></properties>"),
        "mvnw": "",
        "src/main/java/com/example/App.java": MAIN,
        "src/main/resources/static/index.html": "",
        "src/main/resources/application.properties": "spring.datasource.url=${DATABASE_URL}\n",
    }
    found = detected(tree, files)

    assert (found.match.framework, found.match.tier) == ("java", "framework")
    assert (found.plan.language, found.plan.variant, found.plan.package_manager) == ("java", "spring-boot", "maven")
    assert started(found.plan) == "java -XX:MaxRAMPercentage=75 -Dserver.port=${PORT} -jar app.jar"
    assert built(found.plan)[0] == "sh mvnw -B -DskipTests package"
    assert (found.plan.base, found.plan.runs_on, found.plan.runtime) == ("maven", "jre", ("app.jar",))
    assert (found.plan.versions, found.plan.version_source) == ({"java": "21"}, {"java": "pom.xml"})
    assert [(one.name, one.secret) for one in found.plan.env] == [("DATABASE_URL", True)]
    assert found.plan.warnings == ()


def test_the_check_of_the_actuator_is_used_where_it_is(tree: Tree) -> None:
    actuator = "org.springframework.boot:spring-boot-starter-actuator"

    assert plan(tree, {"pom.xml": pom(*SPRING, actuator, plugins=BOOTED)}).health == "/actuator/health"


@pytest.mark.parametrize(
    ("files", "version", "file"),
    [
        ({".java-version": "temurin-21.0.4\n"}, "21.0.4", ".java-version"),
        ({".sdkmanrc": "java=17.0.12-tem\n"}, "17.0.12", ".sdkmanrc"),
        ({".tool-versions": "java temurin-21.0.5+11.0.LTS\n"}, "21.0.5", ".tool-versions"),
        ({"mise.toml": '[tools]\njava = "corretto-17"\n'}, "17", "mise.toml"),
        ({"system.properties": "java.runtime.version=11\n"}, "11", "system.properties"),
        ({}, "17", "pom.xml"),
    ],
)
def test_the_version_is_that_of_the_strongest_file(tree: Tree, files: dict[str, str], version: str, file: str) -> None:
    release = "<properties><maven.compiler.release>17</maven.compiler.release></properties>"
    found = plan(tree, {"pom.xml": pom(*SPRING, plugins=BOOTED, more=release), **files})

    assert (found.versions, found.version_source) == ({"java": version}, {"java": file})


@pytest.mark.parametrize(
    ("more", "version"),
    [
        ("<properties><maven.compiler.source>1.8</maven.compiler.source></properties>", "8"),
        ("<properties><v>17</v><java.version>${v}</java.version></properties>", "17"),
    ],
)
def test_a_version_may_be_written_in_other_ways(tree: Tree, more: str, version: str) -> None:
    assert plan(tree, {"pom.xml": pom(*SPRING, plugins=BOOTED, more=more)}).versions == {"java": version}


def test_a_plain_jar_runs_with_what_it_needs_beside_it(tree: Tree) -> None:
    files = {"pom.xml": pom("io.javalin:javalin"), "src/main/java/com/example/App.java": MAIN}
    found = plan(tree, files)

    assert started(found) == "java -XX:MaxRAMPercentage=75 -cp 'app.jar:lib/*' com.example.App"
    assert found.runtime == ("app.jar", "lib")


def test_quarkus_is_a_folder_and_a_war_is_tomcats(tree: Tree) -> None:
    quarkus = plan(tree, {"pom.xml": pom("io.quarkus:quarkus-rest", "io.quarkus:quarkus-smallrye-health")})

    assert quarkus.runtime == ("target/quarkus-app",)
    assert started(quarkus).endswith("-jar target/quarkus-app/quarkus-run.jar")
    assert "-Dquarkus.http.port=${PORT}" in started(quarkus)
    assert quarkus.health == "/q/health"


def test_a_war_runs_in_the_tomcat_of_its_time(tree: Tree) -> None:
    found = plan(tree, {"pom.xml": pom("javax.servlet:javax.servlet-api", packaging="war")})

    assert (found.runs_on, found.versions["tomcat"], found.runtime, found.port) == ("tomcat", "9.0", ("webapps",), 8080)


def test_of_several_modules_the_one_that_runs_is_built_with_what_it_needs(tree: Tree) -> None:
    top = pom(packaging="pom", more="<modules><module>core</module><module>web</module></modules>")
    files = {"pom.xml": top, "core/pom.xml": pom(), "web/pom.xml": pom(*SPRING, plugins=BOOTED)}
    found = plan(tree, files)

    assert built(found)[0] == "mvn -B -DskipTests -pl web -am package"
    assert "web/target/*.jar" in built(found)[1]


def test_gradle_builds_spring_boot_with_its_wrapper(tree: Tree) -> None:
    files = {
        "build.gradle": BOOT,
        "settings.gradle": "rootProject.name = 'shop'",
        "gradlew": "",
        "src/main/java/A.java": MAIN,
    }
    found = plan(tree, files)

    assert built(found)[0] == "sh gradlew --no-daemon bootJar"
    assert (found.base, found.versions) == ("jdk", {"java": "21"})
    assert started(found) == "java -XX:MaxRAMPercentage=75 -Dserver.port=${PORT} -jar app.jar"


def test_the_application_may_be_a_module_of_gradles(tree: Tree) -> None:
    files = {
        "settings.gradle.kts": 'rootProject.name = "shop"\ninclude("app", "list", "utilities")\n',
        "app/build.gradle.kts": 'plugins { application }\napplication { mainClass = "org.example.app.App" }\n',
        "list/build.gradle.kts": "plugins { `java-library` }\n",
        "utilities/build.gradle.kts": "plugins { `java-library` }\n",
        "gradlew": "",
    }
    found = detected(tree, files)

    assert built(found.plan)[0] == "sh gradlew --no-daemon :app:installDist"
    assert started(found.plan) == "java -XX:MaxRAMPercentage=75 -cp 'dist/lib/*' org.example.app.App"
    assert [one.file for one in found.match.evidence] == ["app/build.gradle.kts", "settings.gradle.kts", "gradlew"]


def test_ktor_is_found_in_a_catalog_of_versions(tree: Tree) -> None:
    files = {
        "build.gradle.kts": "plugins {\n  alias(libs.plugins.kotlin.jvm)\n  alias(libs.plugins.ktor)\n}\n"
        'application { mainClass = "io.ktor.server.netty.EngineMain" }\nkotlin { jvmToolchain(17) }\n'
        "dependencies { implementation(libs.ktor.server.core) }\n",
        "gradle/libs.versions.toml": '[libraries]\nktor-server-core = { module = "io.ktor:ktor-server-core" }\n'
        '[plugins]\nktor = { id = "io.ktor.plugin", version = "3.0.0" }\n'
        'kotlin-jvm = { id = "org.jetbrains.kotlin.jvm", version = "2.1.0" }\n',
        "src/main/kotlin/Application.kt": KOTLIN,
    }
    found = plan(tree, files)

    assert (found.language, found.variant, found.base, found.versions) == ("kotlin", "ktor", "gradle", {"java": "17"})
    assert built(found)[0] == "gradle --no-daemon buildFatJar"
    assert started(found).endswith("-jar app.jar -host=0.0.0.0 -port=${PORT}")


@pytest.mark.parametrize(("gradle", "java"), [("4.10", "8"), ("6.9", "11"), ("7.6", "17"), ("8.10", None)])
def test_an_old_gradle_has_a_java_that_it_runs_on(tree: Tree, gradle: str, java: str | None) -> None:
    build = BOOT.replace("java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }", "")
    files = {"build.gradle": build, "gradlew": "", "gradle/wrapper/gradle-wrapper.properties": WRAPPER.format(gradle)}

    assert plan(tree, files).versions.get("java") == java


def test_a_front_end_at_the_top_belongs_to_the_java_app(tree: Tree) -> None:
    package = '{"scripts": {"build": "webpack", "start": "webpack serve"}, "devDependencies": {"vite": "7"}}'
    found = detected(tree, {"pom.xml": pom(*SPRING, plugins=BOOTED), "package.json": package, "index.html": ""})

    assert found.match.framework == "java"


def test_an_app_of_android_is_none(tree: Tree) -> None:
    files = {"settings.gradle": "include ':app'", "app/build.gradle": "plugins { id 'com.android.application' }"}

    assert detected(tree, {**files, "index.html": ""}).match.framework == "static"


def test_a_broken_pom_is_named_with_its_line(tree: Tree) -> None:
    with pytest.raises(SourceError) as caught:
        detected(tree, {"pom.xml": "<project>\n<artifactId>shop</artifact>\n</project>"})
    assert (caught.value.file, caught.value.line) == ("pom.xml", 2)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("java -Dserver.port=$PORT -jar target/shop-1.0.jar", "java -Dserver.port=${PORT} -jar app.jar"),
        ("java -jar target/*.jar", "java -jar app.jar"),
        ("java $JAVA_OPTS -jar ./target/shop-1.0.jar", "sh -c 'java $JAVA_OPTS -jar app.jar'"),
    ],
)
def test_a_procfile_calls_the_jar_as_maven_leaves_it(tree: Tree, line: str, command: str) -> None:
    found = plan(tree, {"pom.xml": pom(*SPRING, plugins=BOOTED), "Procfile": f"web: {line}\n"})

    assert started(found) == command
