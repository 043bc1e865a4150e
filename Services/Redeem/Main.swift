import Hosting

/// siyu-redeem: answers scans, and gives what they win.
@main
struct RedeemMain {
    static func main() async {
        await Host.run(ServiceSettings(name: "siyu-redeem", port: 8102), build: build)
    }
}
