/// The dictionary of the reports on prizes, gifts, stores, packs and draws: what every figure means, in one place, for every renderer.
package enum SheetMetric: String, Hashable, Sendable, CaseIterable {
    /// Codes that were minted.
    case codes
    /// Codes that were redeemed.
    case redeemed
    /// Codes that were taken out of use before anybody redeemed them.
    case voided
    /// Codes that may still be redeemed, now or later.
    case remaining
    /// Prizes behind the codes.
    case prizesIssued = "prizes_issued"
    /// Prizes that were won.
    case prizesWon = "prizes_won"
    /// Won things that a store handed over.
    case prizesClaimed = "prizes_claimed"
    /// Won things that nobody fetched in time.
    case prizesExpired = "prizes_expired"
    /// Prizes that nobody has won.
    case prizesRemaining = "prizes_remaining"
    /// What the won prizes cost.
    case prizeCost = "prize_cost"
    /// Coupons that were granted.
    case couponsIssued = "coupons_issued"
    /// Coupons that count for an order.
    case couponsUsed = "coupons_used"
    /// Coupons that may still be used.
    case couponsOpen = "coupons_open"
    /// Coupons that nobody used in time.
    case couponsExpired = "coupons_expired"

    /// Gifts that were paid for and offered.
    case sent
    /// Gifts whose recipient looked inside.
    case claimed
    /// Gifts that were taken.
    case accepted
    /// Gifts that were refused.
    case declined
    /// Gifts that nobody took in time.
    case expired
    /// Gifts that may still be taken.
    case open
    /// Gifts that were exchanged for another variant.
    case swapped
    /// Gifts whose money went back.
    case refunded
    /// What the gifts were paid with.
    case value
    /// What the accepted gifts were paid with.
    case acceptedValue = "accepted_value"
    /// Half of the accepted gifts were taken within this time.
    case acceptMedian = "accept_median"
    /// Givers of two gifts or more.
    case repeatGivers = "repeat_givers"
    /// Recipients who bought something themselves afterwards.
    case laterBuyers = "later_buyers"

    /// Times that somebody was shown that they may give.
    case viewed
    /// Gifts that were begun.
    case picked
    /// Those of them that were paid for.
    case pickedPaid = "picked_paid"
    /// Those of them that were sent.
    case pickedSent = "picked_sent"
    /// Those of them that their recipient opened.
    case pickedOpened = "picked_opened"
    /// Those of them that were taken.
    case pickedAccepted = "picked_accepted"
    /// How many steps givers took until they had paid.
    case pathSteps = "path_steps"
    /// From beginning a gift to paying for it.
    case payMedian = "pay_median"
    /// From paying to sending.
    case sendMedian = "send_median"
    /// From sending to opening.
    case openMedian = "open_median"
    /// From opening to taking.
    case takeMedian = "take_median"

    /// Gifts that were taken and stayed so.
    case kept
    /// Gifts that were taken, and taken back by their shop.
    case withdrawn
    /// Gifts whose money went back, whole or in part.
    case returned
    /// How much of it.
    case returnedValue = "returned_value"
    /// How much of what was given goes back.
    case returnRate = "return_rate"
    /// What went back on these days, whenever it was given.
    case refundedValue = "refunded_value"
    /// The same, as a share of what was given on these days.
    case refundRate = "refund_rate"

    /// People who gave.
    case givers
    /// Payments for gifts.
    case giftOrders = "gift_orders"
    /// What such a payment was of.
    case averageGiftOrder = "average_gift_order"
    /// The least that one of them gave.
    case leastGiven = "least_given"

    /// What shops sell.
    case products
    /// What of it may be given.
    case giftableProducts = "giftable_products"
    /// Searches for gifts.
    case searches
    /// What was searched for.
    case keywords
    /// What was searched for and found nothing that may be given.
    case keywordsWithout = "keywords_without"

    /// Gifts and lines of orders that were rated.
    case ratings
    /// How many stars they got.
    case averageRating = "average_rating"
    /// People who came by their links.
    case ratingVisits = "rating_visits"

    /// Prizes that stores handed over.
    case handedOver = "handed_over"
    /// What these cost.
    case handedOverValue = "handed_over_value"
    /// Handovers that were taken back.
    case reversed
    /// What these had cost, below zero.
    case reversedValue = "reversed_value"
    /// What the brand owes its stores for it.
    case storeDue = "store_due"

    /// People who redeemed codes.
    case scanners
    /// Members whom a pack brought.
    case newMembers = "new_members"

    /// Entries in draws.
    case entries
    /// People who drew.
    case entrants
    /// People who won in a draw.
    case winners
    /// What the books have of prizes that nobody has won.
    case stockLeft = "stock_left"

    /// The version of all definitions together.
    package static let definitionVersion = 1

    /// What a figure of this dictionary is counted in.
    package enum Unit: String, Hashable, Sendable {
        /// Hundredths of a yuan.
        case fen
        /// Codes.
        case codes
        /// Prizes.
        case prizes
        /// Coupons.
        case coupons
        /// Gifts.
        case gifts
        /// Handovers.
        case handovers
        /// People.
        case members
        /// Entries in draws.
        case entries
        /// Time.
        case seconds
        /// Times that something was seen.
        case views
        /// Steps on a path.
        case steps
        /// Payments.
        case orders
        /// Things that are sold.
        case products
        /// Searches.
        case searches
        /// Words that were searched for.
        case keywords
        /// Hundredths of a percent.
        case basisPoints = "basis_points"
        /// Ratings.
        case ratings
        /// Hundredths of a star.
        case starHundredths = "star_hundredths"
    }

    /// What it is counted in.
    package var unit: Unit {
        switch self {
        case .codes, .redeemed, .voided, .remaining: .codes
        case .prizesIssued, .prizesWon, .prizesClaimed, .prizesExpired, .prizesRemaining: .prizes
        case .couponsIssued, .couponsUsed, .couponsOpen, .couponsExpired: .coupons
        case .prizeCost, .value, .acceptedValue, .handedOverValue, .reversedValue, .storeDue, .stockLeft,
            .returnedValue, .refundedValue, .averageGiftOrder, .leastGiven:
            .fen
        case .handedOver, .reversed: .handovers
        case .sent, .claimed, .accepted, .declined, .expired, .open, .swapped, .refunded, .picked, .pickedPaid,
            .pickedSent, .pickedOpened, .pickedAccepted, .kept, .withdrawn, .returned:
            .gifts
        case .acceptMedian, .payMedian, .sendMedian, .openMedian, .takeMedian: .seconds
        case .repeatGivers, .scanners, .newMembers, .entrants, .winners, .laterBuyers, .givers: .members
        case .viewed: .views
        case .pathSteps: .steps
        case .giftOrders: .orders
        case .products, .giftableProducts: .products
        case .searches: .searches
        case .keywords, .keywordsWithout: .keywords
        case .returnRate, .refundRate: .basisPoints
        case .entries: .entries
        case .ratings: .ratings
        case .averageRating: .starHundredths
        case .ratingVisits: .views
        }
    }

    /// Its key in JSON and CSV: money says that it is fen, time that it is seconds, a rate that it is hundredths of a percent, an average that it
    /// is hundredths of a star.
    package var key: String {
        switch unit {
        case .fen: "\(rawValue)_fen"
        case .seconds: "\(rawValue)_seconds"
        case .basisPoints: "\(rawValue)_bp"
        case .starHundredths: "\(rawValue)_x100"
        default: rawValue
        }
    }

    /// Its name for people.
    package func name(in language: Language) -> String { words(in: language).name }

    /// What it means, in a sentence or two.
    package func definition(in language: Language) -> String { words(in: language).definition }

    private func words(in language: Language) -> (name: String, definition: String) {
        let (chinese, english) = words
        return language == .chinese ? chinese : english
    }

    typealias Words = ((name: String, definition: String), (name: String, definition: String))

    private var words: Words {
        switch self {
        case .codes, .redeemed, .voided, .remaining, .prizesIssued, .prizesWon, .prizesClaimed, .prizesExpired,
            .prizesRemaining, .prizeCost:
            prizeWords
        case .couponsIssued, .couponsUsed, .couponsOpen, .couponsExpired: couponWords
        case .handedOver, .handedOverValue, .reversed, .reversedValue, .storeDue: storeWords
        case .scanners, .newMembers: packWords
        case .entries, .entrants, .winners, .stockLeft: drawWords
        case .sent, .claimed, .accepted, .declined, .expired, .open, .swapped, .refunded, .value, .acceptedValue,
            .acceptMedian, .repeatGivers:
            giftWords
        default: givingWords
        }
    }

    private var packWords: Words {
        switch self {
        case .scanners:
            (
                ("扫码人数", "期间内兑换过码的人数，按 openid 去重；合计不等于各行之和。"),
                (
                    "Scanners",
                    "People who redeemed in the period, each counted once by openid: rows do not add up to the whole."
                )
            )
        default:
            (
                ("新会员", "首次接触是期间内某个包装的会员；同一 unionid 算一人，只计一次。"),
                (
                    "New members",
                    "Members whose first contact was a pack in the period; one unionid is one person, new once and for all."
                )
            )
        }
    }

    private var drawWords: Words {
        switch self {
        case .entries:
            (("抽奖次数", "抽奖的次数，按抽奖日（上海时间）归属。"), ("Entries", "Entries in draws, by the day of the draw (Shanghai time)."))
        case .entrants:
            (
                ("抽奖人数", "抽过奖的人数，按 openid 去重；合计不等于各行之和。"),
                ("Entrants", "People who drew, each counted once by openid: rows do not add up to the whole.")
            )
        case .winners:
            (
                ("中奖人数", "至少中过一次的人数，按 openid 去重；合计不等于各行之和。"),
                (
                    "Winners",
                    "People who won at least once, each counted once by openid: rows do not add up to the whole."
                )
            )
        default:
            (
                ("剩余奖品金额", "账本中尚未中出的奖品的成本；抽奖结束后退回的仍计入。"),
                (
                    "Stock left",
                    "What the books have put by for prizes nobody has won; what went back after the end still counts."
                )
            )
        }
    }

    private var storeWords: Words {
        switch self {
        case .handedOver:
            (
                ("已交付", "期间内门店交付的奖品，按交付日（上海时间）归属；后来冲回的也计入。"),
                (
                    "Handed over",
                    "Prizes stores handed over in the period, those taken back later included (Shanghai time)."
                )
            )
        case .handedOverValue: (("交付金额", "这些奖品的成本之和。"), ("Worth", "What these prizes cost."))
        case .reversed:
            (
                ("已冲回", "期间内冲回的交付，按冲回日归属，不论何时交付。"),
                ("Taken back", "Handovers taken back in the period, whenever they were made.")
            )
        case .reversedValue: (("冲回金额", "冲回交付的成本之和，以负数表示。"), ("Taken back, worth", "What these had cost, below zero."))
        default: (("应付门店", "交付金额与冲回金额之和。"), ("Due to stores", "What was handed over less what was taken back."))
        }
    }

    private var prizeWords: Words {
        switch self {
        case .codes: (("发码数", "已生成的码的数量。"), ("Codes", "Codes that were minted."))
        case .redeemed: (("已扫码", "已被兑换的码。"), ("Redeemed", "Codes that were redeemed, once and for all."))
        case .voided:
            (
                ("已作废", "在被兑换之前作废的码；作废前已兑换的仍算已扫码。"),
                ("Voided", "Codes voided before anybody redeemed them; those redeemed before stay redeemed.")
            )
        case .remaining: (("未扫码", "既未兑换也未作废的码。"), ("Left", "Codes that were neither redeemed nor voided."))
        case .prizesIssued: (("奖品总数", "各批次奖品数量之和。"), ("Prizes issued", "The prizes of all tiers together."))
        case .prizesWon: (("已中奖", "已被中出的奖品。"), ("Prizes won", "Prizes of redeemed codes."))
        case .prizesClaimed:
            (
                ("已领取", "门店已交付且未被冲回的实物奖品；积分等无需领取的奖品不计入。"),
                (
                    "Prizes claimed",
                    "Things that stores handed over and did not take back; points and other prizes nobody fetches are not among them."
                )
            )
        case .prizesExpired:
            (
                ("已过期奖品", "到期无人领取的实物奖品，不回到奖池。"),
                ("Prizes expired", "Things nobody fetched in time; they do not return to the pool.")
            )
        case .prizesRemaining:
            (
                ("剩余奖品", "尚未中出的奖品，包含作废码背后的奖品：没有批次密钥，无人知道是哪些。"),
                (
                    "Prizes left",
                    "Prizes nobody has won, those behind voided codes included: which these are nobody knows without the batch's key."
                )
            )
        default: (("奖品成本", "已中出奖品的成本之和。"), ("Cost of prizes", "What the prizes that were won cost the brand."))
        }
    }

    private var giftWords: Words {
        switch self {
        case .sent:
            (
                ("送出礼物", "期间内付款并送出的礼物，按送出日（上海时间）归属。"),
                ("Gifts sent", "Gifts paid for in the period, by the day they were sent (Shanghai time).")
            )
        case .claimed: (("已拆开", "其中收礼人已拆开的礼物。"), ("Opened", "Those of them that their recipient opened."))
        case .accepted: (("已收下", "其中收礼人已收下的礼物。"), ("Accepted", "Those of them that were taken."))
        case .declined: (("已婉拒", "其中收礼人已婉拒的礼物。"), ("Declined", "Those of them that their recipient refused."))
        case .expired: (("已过期", "其中到期无人收下的礼物。"), ("Expired", "Those of them that nobody took in time."))
        case .open: (("待收下", "其中仍可收下的礼物。"), ("Open", "Those of them that may still be taken."))
        case .swapped: (("已换款", "其中收礼人换过款式的礼物。"), ("Swapped", "Those of them exchanged for another variant."))
        case .refunded:
            (("已退款", "其中款项已退回送礼人的礼物，以账本为准。"), ("Refunded", "Those of them whose money went back, as the ledger says."))
        case .value: (("礼物金额", "送出礼物的付款金额之和。"), ("Value", "What the gifts were paid with."))
        case .acceptedValue: (("收下金额", "已收下礼物的付款金额之和。"), ("Value accepted", "What the accepted gifts were paid with."))
        case .acceptMedian:
            (
                ("收下用时（中位）", "从送出到收下的时间的中位数；没有收下的礼物时无此数。"),
                ("Time to accept", "The median time from sending to accepting; none where nothing was accepted.")
            )
        default: (("多次送礼人", "期间内送出两件或以上礼物的人数。"), ("Repeat givers", "People who sent two gifts or more in the period."))
        }
    }
}

/// A sentence of arithmetic that must be true of a sheet: two ways to the same number.
package enum SheetIdentity: String, Hashable, Sendable, CaseIterable {
    /// Every code is in one of three states.
    case codesAddUp = "codes = redeemed + voided + left"
    /// Every prize is won or not.
    case prizesAddUp = "prizes issued = won + left"
    /// Nobody fetches what was not won, and what was fetched does not end.
    case claimsAreWins = "prizes claimed + expired ≤ won"
    /// Every coupon is in one of three states.
    case couponsAddUp = "coupons issued = used + open + expired"
    /// Cost is what the ledger owes for prizes.
    case costIsLedger = "cost of prizes = prizes owed in the ledger"
    /// Every gift is in one of four states.
    case giftsAddUp = "sent = accepted + declined + expired + open"
    /// Every end of a gift was decided once.
    case endsAreOutcomes = "accepted + declined + expired = recorded outcomes"
    /// What was accepted is what the shops earned.
    case acceptedIsLedger = "value accepted = gifts accepted in the ledger"
    /// Money went back only for gifts that ended without being accepted.
    case refundsAreEnds = "refunded ≤ declined + expired"
    /// What is due is what the stores' accounts moved by.
    case dueIsLedger = "due to stores = store accounts in the ledger"
    /// Nothing is due to nobody.
    case dueIsSumOfStores = "due to stores = sum of the stores"
    /// Nobody is new twice.
    case newIsSumOfBatches = "new members = sum of the batches"
    /// Whoever is new had a first contact, and whoever had one is new.
    case newAreFirstContacts = "new members = first contacts with packs"
    /// Every redemption belongs into one dealer's region, or into none that is known.
    case redeemedIsSumOfRegions = "redeemed = sum of the regions"
    /// Nobody is new in two regions.
    case newIsSumOfRegions = "new members = sum of the regions"
    /// What was not won is there.
    case stockIsLedger = "stock issued - cost of prizes = stock left in the ledger"
    /// Every entry is one of some draw.
    case entriesAreDraws = "entries = sum of the draws"
    /// Every gift was begun somewhere, or nobody said where.
    case sentIsSumOfEntries = "sent = sum of the entries"
    /// Nobody begins what was not shown.
    case picksAreViews = "picked ≤ viewed"
    /// Nobody pays for what was not begun.
    case paidArePicks = "paid ≤ picked"
    /// Nothing is sent that is not paid for.
    case sentArePaid = "sent ≤ paid"
    /// Nobody opens what was not sent.
    case openedAreSent = "opened ≤ sent"
    /// Nobody takes what is wrapped.
    case takenAreOpened = "accepted ≤ opened"
    /// Everything that was begun was begun somewhere.
    case picksAreEntries = "picked = sum of the entries"
    /// Everybody who begins is of a cohort.
    case picksAreCohorts = "picked = sum of the cohorts"
    /// Every gift has one fate.
    case fatesAddUp = "sent = kept + declined + expired + withdrawn + open"
    /// What was given is kept, on its way back, or still open.
    case valueAddsUp = "value = kept + given up + open"
    /// What the books gave back is what WeChat Pay paid out.
    case returnedIsPaidOut = "returned = refunds paid out"
    /// What was given on the days is the value.
    case valueIsSumOfDays = "value = sum of the days"
    /// Every giver is of one segment.
    case giversAreSegments = "givers = sum of the segments"
    /// What they gave is the value.
    case valueIsSumOfSegments = "value = sum of the segments"
    /// What may be given is sold.
    case giftableAreProducts = "giftable ≤ products"
    /// Every keyword finds something or nothing.
    case searchesAreKeywords = "searches = sum of the keywords"
    /// A contact is a redemption; the job that writes it down may still be on its way.
    case contactsAreRedeemed = "contacts recorded ≤ redeemed"
    /// Every rating is of one product, or of none that is known.
    case ratingsAreProducts = "ratings = sum of the products"
    /// Every rating is of one shop.
    case ratingsAreShops = "ratings = sum of the shops"
    /// Every star was given on one day.
    case starsAreDays = "stars = sum of the days"

    /// The sentence for people.
    package func sentence(in language: Language) -> String { language == .chinese ? chinese : english }

    private var chinese: String {
        switch self {
        case .codesAddUp: "发码数 = 已扫码 + 已作废 + 未扫码"
        case .prizesAddUp: "奖品总数 = 已中奖 + 剩余奖品"
        case .claimsAreWins: "已领取 + 已过期奖品 ≤ 已中奖"
        case .couponsAddUp: "发券数 = 已用券 + 可用券 + 已过期券"
        case .costIsLedger: "奖品成本 = 账本中的应付奖品"
        case .giftsAddUp: "送出 = 收下 + 婉拒 + 过期 + 待收下"
        case .endsAreOutcomes: "收下 + 婉拒 + 过期 = 记录的结局"
        case .acceptedIsLedger: "收下金额 = 账本中收下的礼物"
        case .refundsAreEnds: "已退款 ≤ 婉拒 + 过期"
        case .dueIsLedger: "应付门店 = 账本中的门店往来"
        case .dueIsSumOfStores: "应付门店 = 各门店之和"
        case .newIsSumOfBatches: "新会员 = 各批次之和"
        case .newAreFirstContacts: "新会员 = 首次接触包装的人数"
        case .redeemedIsSumOfRegions: "已扫码 = 各区域之和"
        case .newIsSumOfRegions: "新会员 = 各区域之和"
        case .stockIsLedger: "奖品总成本 − 奖品成本 = 账本中的剩余奖品"
        case .entriesAreDraws: "抽奖次数 = 各抽奖之和"
        case .sentIsSumOfEntries: "送出 = 各入口之和"
        case .picksAreViews: "选礼 ≤ 浏览"
        case .paidArePicks: "付款 ≤ 选礼"
        case .sentArePaid: "送出 ≤ 付款"
        case .openedAreSent: "拆开 ≤ 送出"
        case .takenAreOpened: "收下 ≤ 拆开"
        case .picksAreEntries: "选礼 = 各入口之和"
        case .picksAreCohorts: "选礼 = 各灰度人群之和"
        case .fatesAddUp: "送出 = 收下未收回 + 婉拒 + 过期 + 商家收回 + 待收下"
        case .valueAddsUp: "礼物金额 = 收下未收回 + 退回 + 待收下"
        case .returnedIsPaidOut: "退回金额 = 微信支付已退款"
        case .valueIsSumOfDays: "礼物金额 = 各日之和"
        case .giversAreSegments: "送礼人数 = 各分层之和"
        case .valueIsSumOfSegments: "礼物金额 = 各分层之和"
        case .giftableAreProducts: "可送礼商品 ≤ 商品"
        case .searchesAreKeywords: "搜索次数 = 各关键词之和"
        case .contactsAreRedeemed: "已记录的接触 ≤ 已扫码"
        case .ratingsAreProducts: "评价数 = 各商品之和"
        case .ratingsAreShops: "评价数 = 各店铺之和"
        case .starsAreDays: "星数 = 各日之和"
        }
    }

    private var english: String {
        switch self {
        case .codesAddUp: "Codes = redeemed + voided + left"
        case .prizesAddUp: "Prizes issued = won + left"
        case .claimsAreWins: "Prizes claimed + expired ≤ won"
        case .couponsAddUp: "Coupons issued = used + open + expired"
        case .costIsLedger: "Cost of prizes = prizes owed in the ledger"
        case .giftsAddUp: "Sent = accepted + declined + expired + open"
        case .endsAreOutcomes: "Accepted + declined + expired = recorded outcomes"
        case .acceptedIsLedger: "Value accepted = gifts accepted in the ledger"
        case .refundsAreEnds: "Refunded ≤ declined + expired"
        case .dueIsLedger: "Due to stores = store accounts in the ledger"
        case .dueIsSumOfStores: "Due to stores = sum of the stores"
        case .newIsSumOfBatches: "New members = sum of the batches"
        case .newAreFirstContacts: "New members = first contacts with packs"
        case .redeemedIsSumOfRegions: "Redeemed = sum of the regions"
        case .newIsSumOfRegions: "New members = sum of the regions"
        case .stockIsLedger: "Stock issued − cost of prizes = stock left in the ledger"
        case .entriesAreDraws: "Entries = sum of the draws"
        case .sentIsSumOfEntries: "Sent = sum of the entries"
        case .picksAreViews: "Begun ≤ viewed"
        case .paidArePicks: "Paid ≤ begun"
        case .sentArePaid: "Sent ≤ paid"
        case .openedAreSent: "Opened ≤ sent"
        case .takenAreOpened: "Accepted ≤ opened"
        case .picksAreEntries: "Begun = sum of the entries"
        case .picksAreCohorts: "Begun = sum of the cohorts"
        case .fatesAddUp: "Sent = kept + declined + expired + withdrawn + open"
        case .valueAddsUp: "Value = kept + given up + open"
        case .returnedIsPaidOut: "Value returned = refunds that WeChat Pay paid out"
        case .valueIsSumOfDays: "Value = sum of the days"
        case .giversAreSegments: "Givers = sum of the segments"
        case .valueIsSumOfSegments: "Value = sum of the segments"
        case .giftableAreProducts: "Giftable products ≤ products"
        case .searchesAreKeywords: "Searches = sum of the keywords"
        case .contactsAreRedeemed: "Contacts recorded ≤ redeemed"
        case .ratingsAreProducts: "Ratings = sum of the products"
        case .ratingsAreShops: "Ratings = sum of the shops"
        case .starsAreDays: "Stars = sum of the days"
        }
    }

    /// Whether its sides are money.
    package var isMoney: Bool {
        switch self {
        case .costIsLedger, .acceptedIsLedger, .dueIsLedger, .dueIsSumOfStores, .stockIsLedger, .valueAddsUp,
            .returnedIsPaidOut, .valueIsSumOfDays, .valueIsSumOfSegments:
            true
        default: false
        }
    }

    /// Whether its left side may be less.
    var isBound: Bool {
        switch self {
        case .refundsAreEnds, .claimsAreWins, .contactsAreRedeemed, .picksAreViews, .paidArePicks, .sentArePaid,
            .openedAreSent, .takenAreOpened, .giftableAreProducts:
            true
        default: false
        }
    }
}
