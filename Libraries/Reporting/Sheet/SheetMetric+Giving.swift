extension SheetMetric {
    /// The words of the reports on how people give.
    var givingWords: Words {
        switch self {
        case .viewed, .picked, .pickedPaid, .pickedSent, .pickedOpened, .pickedAccepted, .pathSteps: funnelWords
        case .payMedian, .sendMedian, .openMedian, .takeMedian: medianWords
        case .products, .giftableProducts, .searches, .keywords, .keywordsWithout: supplyWords
        case .ratings, .averageRating, .ratingVisits: ratingWords
        case .givers, .giftOrders, .averageGiftOrder, .leastGiven, .laterBuyers: giverWords
        default: returnWords
        }
    }

    private var funnelWords: Words {
        switch self {
        case .viewed:
            (
                ("浏览", "期间内开始选的礼物，加上看过送礼入口而一天内没有选礼的人次（每人每入口每天一次）。"),
                (
                    "Viewed",
                    "Gifts begun in the period, and people shown an entry who began nothing within a day (once a person, entry and day)."
                )
            )
        case .picked: (("选礼", "期间内开始的礼物，按开始日（上海时间）归属。"), ("Begun", "Gifts begun in the period (Shanghai time)."))
        case .pickedPaid: (("已付款（选礼）", "其中已付款的礼物。"), ("Paid (of those begun)", "Those of them that were paid for."))
        case .pickedSent: (("已送出（选礼）", "其中已送出的礼物。"), ("Sent (of those begun)", "Those of them that were sent."))
        case .pickedOpened:
            (("已拆开（选礼）", "其中收礼人已拆开的礼物。"), ("Opened (of those begun)", "Those of them that were opened."))
        case .pickedAccepted:
            (("已收下（选礼）", "其中收礼人已收下的礼物。"), ("Accepted (of those begun)", "Those of them that were taken."))
        default:
            (
                ("付款步数（中位）", "从看到入口到付款的步数的中位数：此前一天内在同一入口的浏览（至少一次）、选礼、付款。"),
                (
                    "Steps until paid",
                    "The median number of steps: looks at the same entry within the day before (one at least), beginning, paying."
                )
            )
        }
    }

    private var medianWords: Words {
        switch self {
        case .payMedian:
            (("付款用时（中位）", "从选礼到付款的时间的中位数。"), ("Time to pay", "The median time from beginning to paying."))
        case .sendMedian:
            (("送出用时（中位）", "从付款到送出的时间的中位数。"), ("Time to send", "The median time from paying to sending."))
        case .openMedian:
            (("拆开用时（中位）", "从送出到拆开的时间的中位数。"), ("Time to open", "The median time from sending to opening."))
        default:
            (("收下用时（拆开后，中位）", "从拆开到收下的时间的中位数。"), ("Time to take", "The median time from opening to taking."))
        }
    }

    private var supplyWords: Words {
        switch self {
        case .products: (("商品", "店铺的商品。"), ("Products", "What the shops sell."))
        case .giftableProducts:
            (("可送礼商品", "至少有一个款式可以送礼的商品。"), ("Giftable products", "Those of them of which a variant may be given."))
        case .searches: (("搜索次数", "期间内的送礼搜索次数。"), ("Searches", "Searches for gifts in the period."))
        case .keywords: (("关键词", "期间内搜索过的关键词。"), ("Keywords", "What was searched for in the period."))
        default:
            (
                ("无结果关键词", "其中没有任何可送礼商品的关键词。"),
                ("Keywords without a gift", "Those of them that find no product that may be given.")
            )
        }
    }

    private var ratingWords: Words {
        switch self {
        case .ratings:
            (
                ("评价数", "期间内的评价：每件礼物、每个订单行一次。"),
                ("Ratings", "Ratings given in the period: one a gift, one a line of an order.")
            )
        case .averageRating:
            (
                ("平均星数", "这些评价的平均星数（1 至 5），保留两位小数；没有评价时无此数。"),
                ("Average rating", "Their average of one to five stars, to two decimals; none without ratings.")
            )
        default:
            (
                ("分享带来", "由这些评价的分享链接而来的人次（每人每条一次）。"),
                ("Came by links", "People who came by the links of these ratings, once for each.")
            )
        }
    }

    private var giverWords: Words {
        switch self {
        case .givers: (("送礼人数", "期间内送出礼物的人数。"), ("Givers", "People who sent gifts in the period."))
        case .giftOrders:
            (("礼物订单", "这些礼物的付款笔数；一份群礼物算一笔。"), ("Gift orders", "Payments for these gifts; a group gift is one."))
        case .averageGiftOrder:
            (
                ("礼物客单价", "礼物金额除以礼物订单，四舍五入到分；没有订单时无此数。"),
                ("Average gift order", "Their value over the orders, to the nearest fen; none without orders.")
            )
        case .leastGiven:
            (("分层下限", "该分层中送礼金额最少的人的金额。"), ("Least given", "What the one of them gave who gave least."))
        default:
            (
                ("收礼后购买", "期间内送出的礼物的收礼人中，此后自己下过单的人数。"),
                (
                    "Recipients who later bought",
                    "Recipients of these gifts who placed an order of their own afterwards."
                )
            )
        }
    }

    private var returnWords: Words {
        switch self {
        case .kept:
            (("收下未收回", "已收下且未被商家收回的礼物。"), ("Kept", "Those of them that were taken, and not taken back by their shop."))
        case .withdrawn:
            (
                ("商家收回", "已收下后被商家收回的礼物。"),
                ("Withdrawn", "Those of them that were taken, and then taken back by their shop.")
            )
        case .returned:
            (("有退款", "其中款项已全部或部分退回的礼物，以账本为准。"), ("Returned", "Those of them whose money went back, whole or in part."))
        case .returnedValue:
            (
                ("退回金额", "这些礼物已退回的金额，以账本为准，不论哪天退回。"),
                ("Value returned", "What went back of these gifts, as the ledger says, on whichever day.")
            )
        case .returnRate:
            (
                ("退货率（按送出日）", "退回金额除以礼物金额，保留两位小数；没有礼物时无此数。"),
                ("Return rate", "Value returned over value, to two decimals; none without gifts.")
            )
        case .refundedValue:
            (
                ("当期退款", "期间内退回的礼物款项，不论礼物何时送出。"),
                ("Refunded in the period", "What went back of gifts in the period, whenever they were sent.")
            )
        default:
            (
                ("退款率（按退款日）", "当期退款除以当期送出的礼物金额，保留两位小数；当期没有送出时无此数。"),
                (
                    "Refund rate",
                    "What went back in the period over what was sent in it, to two decimals; none where nothing was sent."
                )
            )
        }
    }
}
