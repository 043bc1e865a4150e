import Hosting

/// siyu-sandbox: plays WeChat Pay, with faults on demand.
@main
struct SandboxMain {
    static func main() async {
        await Host.run(ServiceSettings(name: "siyu-sandbox", port: 8110)) { settings, logger in
            try build(settings, logger: logger)
        }
    }
}
