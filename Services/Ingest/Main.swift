import Hosting

/// siyu-ingest: takes in what happens outside, and works it off.
@main
struct IngestMain {
    static func main() async {
        await Host.run(ServiceSettings(name: "siyu-ingest", port: 8101), build: build)
    }
}
