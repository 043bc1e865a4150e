import Hosting

/// siyu-reports: shows brands what came of it all.
@main
struct ReportsMain {
    static func main() async {
        await Host.run(ServiceSettings(name: "siyu-reports", port: 8104), build: build)
    }
}
