/// siyu-gifts: replaced by its owner.
@main
struct GiftsMain {
    static func main() async {}
}
