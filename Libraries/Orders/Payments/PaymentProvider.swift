package import WeChat

/// The other side of payments and refunds: WeChat Pay, or a test's stand-in for it.
///
/// Every call is made outside transactions, may take seconds, and may have been carried out although it throws.
package protocol PaymentProvider: Sendable {
    /// Places an order that a shopper can then pay.
    func prepay(_ order: JSAPIOrder) async throws(WeChatPayError) -> String
    /// What the mini program hands to `wx.requestPayment`.
    func paymentParameters(prepayID: String) throws(CredentialsError) -> PaymentParameters
    /// How a payment stands.
    func payment(outTradeNo: String) async throws(WeChatPayError) -> PaymentResult
    /// Asks for a refund: repeating it under the same number pays out once.
    func refund(_ order: RefundOrder) async throws(WeChatPayError) -> RefundResult
    /// How a refund stands.
    func refund(outRefundNo: String) async throws(WeChatPayError) -> RefundResult
}

extension WeChatPayClient: PaymentProvider {}
