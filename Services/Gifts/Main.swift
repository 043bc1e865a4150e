import Hosting

/// siyu-gifts: carries gifts from friend to friend, and the money with them.
@main
struct GiftsMain {
    static func main() async {
        await Host.run(ServiceSettings(name: "siyu-gifts", port: 8103)) { settings, logger in
            try await build(settings, logger: logger)
        }
    }
}
