extension SheetMetric {
    /// What figures on coupons mean.
    var couponWords: Words {
        switch self {
        case .couponsIssued:
            (
                ("发券数", "已发给中奖人的优惠券，以账本为准。"),
                ("Coupons issued", "Coupons that were granted to those who won them, as the ledger says.")
            )
        case .couponsUsed:
            (
                ("已用券", "已用于订单的优惠券；订单全额退款后退回的不计入。"),
                ("Coupons used", "Coupons that count for an order; those given back after a full refund do not.")
            )
        case .couponsOpen: (("可用券", "仍可使用的优惠券。"), ("Coupons open", "Coupons that may still be used."))
        default: (("已过期券", "到期未使用的优惠券。"), ("Coupons expired", "Coupons nobody used in time."))
        }
    }
}
