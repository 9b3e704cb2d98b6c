// swift-tools-version:6.0
import PackageDescription

let package = Package(
    name: "hello",
    dependencies: [
        .package(url: "https://github.com/vapor/vapor.git", from: "4.115.0"),
    ],
    targets: [
        .executableTarget(
            name: "hello",
            dependencies: [.product(name: "Vapor", package: "vapor")]
        ),
    ]
)
