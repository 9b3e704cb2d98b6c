import Vapor

@main
enum Entrypoint {
    static func main() async throws {
        let app = try await Application.make(.detect())
        app.get { _ in Environment.get("GREETING") ?? "Hello" }
        try await app.execute()
    }
}
