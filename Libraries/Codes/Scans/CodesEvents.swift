/// What this room tells those who listen.
package enum CodesEvents {
    /// A code was redeemed, whether it won or not.
    static let scanRedeemed = "scan.redeemed"
    /// A prize of points is the winner's.
    static let prizePaid = "prize.paid"

    /// All of them, as endpoints name them.
    package static let types: Set<String> = [scanRedeemed, prizePaid]
}
