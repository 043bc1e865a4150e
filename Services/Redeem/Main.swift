/// siyu-redeem: replaced by its owner.
@main
struct RedeemMain {
    static func main() async {}
}
