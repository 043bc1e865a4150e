import FoundationEssentials
import Hooks
import Kernel

extension VoucherRecord {
    /// Something that happened to the voucher, in the lane of what won it, so that it is heard of afterwards.
    func event(
        _ type: String, subject: UUID, at instant: Date, _ more: [String: EventValue] = [:]
    ) -> OutgoingEvent {
        var data: [String: EventValue] = [
            "voucher_id": .string(id.description), "tier": .int(Int64(tier)), "cost_fen": .int(cost.fen),
        ]
        switch origin {
        case .pack(let batch, _): data["batch_id"] = .string(batch.description)
        case .draw(let campaign): data["campaign_id"] = .string(campaign.description)
        }
        return OutgoingEvent(
            type, subject: subject, lane: id.description, at: instant, data: data.merging(more) { $1 })
    }

    /// Something that happened to a handover of the voucher.
    func event(_ type: String, _ handover: HandoverRecord, at instant: Date) -> OutgoingEvent {
        event(
            type, subject: handover.id.rawValue, at: instant,
            ["handover_id": .string(handover.id.description), "shop_id": .string(handover.shop.description)])
    }
}
