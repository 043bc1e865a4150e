/// What this room tells those who listen.
package enum CodesEvents {
    /// A code was redeemed, whether it won or not.
    static let scanRedeemed = "scan.redeemed"
    /// A prize of points or cash is the winner's.
    static let prizePaid = "prize.paid"
    /// A store handed over what was won.
    static let handoverMade = "handover.made"
    /// A store took a handover back.
    static let handoverReversed = "handover.reversed"
    /// Nobody fetched what was won.
    static let voucherExpired = "voucher.expired"
    /// Somebody made an entry in a draw, whether it won or not.
    static let drawEntered = "draw.entered"
    /// A prize of cash was not paid out, and no number is left to try: a person must look.
    static let payoutFailed = "payout.failed"

    /// All of them, as endpoints name them.
    package static let types: Set<String> = [
        scanRedeemed, prizePaid, handoverMade, handoverReversed, voucherExpired, drawEntered, payoutFailed,
    ]
}
