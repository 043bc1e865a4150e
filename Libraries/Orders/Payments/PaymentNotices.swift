package import FoundationEssentials
package import Hooks
package import Jobs
import Kernel
package import Logging
package import Postgres
package import WeChat

/// What WeChat Pay reports by itself: believed when its signature is, kept, and handed on as a job in the same commit.
package struct PaymentNotices: Sendable {
    private let pool: Pool
    private let queue: JobQueue
    private let merchants: Merchants
    private let inbox: Inbox
    private let logger: Logger

    /// Notices into the database of `pool`, for the workers of `queue`.
    package init(pool: Pool, queue: JobQueue, merchants: Merchants, inbox: Inbox, logger: Logger) {
        self.pool = pool
        self.queue = queue
        self.merchants = merchants
        self.inbox = inbox
        self.logger = logger
    }

    /// Takes a notification: the signature over the raw bytes first, then everything else.
    ///
    /// - Parameters:
    ///   - mchid: The merchant that the address names.
    ///   - now: The real time, for the signature.
    /// - Throws: ``Problem`` for what is not believed or cannot be read; nothing is stored then.
    package func take(
        mchid: String, headers: SignatureHeaders, body: [UInt8], now: Date
    ) async throws -> StoredAnswer {
        guard let known = try await merchants.merchant(mchid) else {
            throw Problem.notFound("There is no such merchant here.")
        }
        let notification = try WeChatPayNotification.open(
            headers: headers, body: body, merchant: known.merchant, now: now)
        let answer: StoredAnswer
        do {
            answer = try await store(notification, id: notification.id, body: body, of: known.record)
        } catch let problem as Problem where problem.code == ProblemCode.idempotencyMismatch {
            // As genuine as the first: encrypted anew, the same news are other bytes. The job makes nothing happen twice.
            let id = "\(notification.id) \(headers.nonce?.prefix(64) ?? "")"
            answer = try await store(notification, id: id, body: body, of: known.record)
        }
        if case .transfer = notification.content {
            await queue.wake(PayoutReported.jobQueue)
        } else {
            await queue.wake(PaymentReceived.jobQueue)
        }
        return answer
    }

    private func store(
        _ notification: WeChatPayNotification, id: String, body: [UInt8], of merchant: MerchantRecord
    ) async throws -> StoredAnswer {
        let delivery = Delivery(source: merchant.source, brand: merchant.brand, id: id, body: body)
        let now = try await pool.one(CatalogueStatements.clock())
        return try await pool.transaction { tx in
            try await inbox.answer(delivery, now: now, on: tx) { tx in
                try await push(notification, of: merchant, on: tx)
                return StoredAnswer(status: 204, body: [])
            }
        }
    }

    private func push(
        _ notification: WeChatPayNotification, of merchant: MerchantRecord, on tx: Transaction
    ) async throws {
        let options = JobOptions(brand: merchant.brand.rawValue)
        switch notification.content {
        case .payment(let result):
            guard let paid = result.paid else { return }
            guard let payment = ID<Payment>(outTradeNo: result.outTradeNo) else {
                return logger.error(
                    "A payment was reported that is not ours.", metadata: ["notification": "\(notification.id)"])
            }
            try await queue.push(
                PaymentReceived(
                    brand: merchant.brand, payment: payment, mchid: result.mchid, transactionID: paid.transactionID,
                    amount: paid.amount, paidAt: paid.at),
                options: options, on: tx)
        case .refund(let notice):
            try await queue.push(
                RefundReported(
                    brand: merchant.brand, outRefundNo: notice.outRefundNo, providerRefundID: notice.refundID,
                    standing: RefundStanding(notice.state), amount: notice.refund),
                options: options, on: tx)
        case .transfer(let notice):
            try await queue.push(
                PayoutReported(
                    brand: merchant.brand, mchid: notice.mchid, outBillNo: notice.outBillNo,
                    providerBillNo: notice.transferBillNo, standing: PayoutStanding(notice.state),
                    amount: notice.amount, word: notice.failReason),
                options: options, on: tx)
        case .other(let event):
            logger.notice("A notification is kept and not read.", metadata: ["event": "\(event)"])
        }
    }
}
