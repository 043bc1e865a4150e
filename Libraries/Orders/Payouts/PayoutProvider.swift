package import Kernel
package import WeChat

/// The other side of payouts: WeChat Pay, or a test's stand-in for it.
///
/// Every call is made outside transactions, may take seconds, and may have been carried out although it throws.
package protocol PayoutProvider: Sendable {
    /// Gives somebody money: repeating it under the same number pays out once.
    func transfer(_ order: TransferOrder) async throws(WeChatPayError) -> TransferResult
    /// How a transfer stands.
    func transfer(outBillNo: String) async throws(WeChatPayError) -> TransferResult
}

extension WeChatPayClient: PayoutProvider {}

/// Who pays out for a merchant, and where they report to.
package protocol PayoutProviders: Sendable {
    /// The provider of a brand's merchant; nil if the brand has none of that number.
    func payoutProvider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PayoutProvider, notifyURL: String)?
}
