/// siyu-sandbox: replaced by its owner.
@main
struct SandboxMain {
    static func main() async {}
}
