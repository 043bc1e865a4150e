package import Jobs

/// Parts of the lists of schedules and of quotas; what could not be read in time is nil.
package struct ConsoleRuleReadings: Sendable {
    /// How many of each a page shows.
    package static let limit = 25

    /// Schedules, one more than a page shows if there are more.
    package var schedules: [JobScheduleRecord]?
    /// Quotas, one more than a page shows if there are more.
    package var quotas: [JobQuotaStatus]?
    /// Where the schedules began, and where the quotas did: after these names; nil for the first.
    package var after: (schedule: String?, quota: String?)

    /// Readings, none of them taken yet.
    package init(afterSchedule: String?, afterQuota: String?) { after = (afterSchedule, afterQuota) }
}

extension ConsolePage {
    struct Rules: Sendable {
        let trouble: String?
        let sections: [RuleSection]
    }
    /// A read-only table with its own pages.
    struct RuleSection: Sendable {
        let id, name, first: String
        let columns: [Column]
        let rows: [RuleRow]
        let none: String?
        let hasRows: Bool
        let firstHref, nextHref: String?
        let firstName, nextName: String
    }
    struct RuleRow: Hashable, Sendable {
        let name, detail: String
        let cells: [Cell]
        let pauseHref: String?
        let pauseName: String
    }

    /// The page of what stands: when schedules fire next, and how far quotas are used.
    package init(_ readings: ConsoleRuleReadings, _ options: ConsoleOptions) {
        let words = ConsoleWords(language: options.language)
        let (schedule, quota) = readings.after
        let address = ConsoleAddress(
            options.language, path: "/jobs/rules", [("schedule", schedule), ("quota", quota)])
        self.init(words.pick("计划与配额", "Schedules and quotas"), at: .rules, address, options)
        let parts: [(Bool, String)] = [
            (readings.schedules == nil, words.pick("计划", "the schedules")),
            (readings.quotas == nil, words.pick("配额", "the quotas")),
        ]
        let missing = parts.filter(\.0).map(\.1).joined(separator: words.pick("、", ", "))
        var sections: [RuleSection] = []
        if let records = readings.schedules {
            sections.append(
                Self.section(
                    "schedules", words.pick("计划", "Schedules"),
                    words.pick("没有计划。", "No process has registered a schedule."),
                    records.map { Self.row($0, words) }, words,
                    first: schedule.map { _ in address.href("/jobs/rules", [("quota", quota)]) },
                    next: { address.href("/jobs/rules", [("schedule", $0), ("quota", quota)]) }))
        }
        if let statuses = readings.quotas {
            sections.append(
                Self.section(
                    "quotas", words.pick("配额", "Quotas"), words.pick("没有配额。", "No job asked for a quota yet."),
                    statuses.map { Self.row($0, words, address) }, words,
                    first: quota.map { _ in address.href("/jobs/rules", [("schedule", schedule)]) },
                    next: { address.href("/jobs/rules", [("schedule", schedule), ("quota", $0)]) }))
        }
        rules = Rules(trouble: missing.isEmpty ? nil : words.trouble(missing), sections: sections)
    }

    private static func section(
        _ id: String, _ name: String, _ none: String, _ all: [RuleRow], _ words: ConsoleWords, first: String?,
        next: (String) -> String
    ) -> RuleSection {
        let rows = Array(all.prefix(ConsoleRuleReadings.limit))
        let hasMore = all.count > rows.count
        return RuleSection(
            id: id, name: name, first: words.table["name"] ?? "",
            columns: rows.first?.cells.map { Column(name: $0.label, kind: $0.kind.hasPrefix("n") ? "n" : "") } ?? [],
            rows: rows,
            none: rows.isEmpty ? none : nil, hasRows: !rows.isEmpty, firstHref: first,
            nextHref: hasMore ? rows.last.map { next($0.name) } : nil,
            firstName: "\(words.table["first"] ?? "") · \(name)", nextName: "\(words.table["next"] ?? "") · \(name)")
    }

    private static func row(_ schedule: JobScheduleRecord, _ words: ConsoleWords) -> RuleRow {
        let paused = schedule.pausedAt.map { at in
            let who = schedule.pauseAuthor ?? ""
            let why = schedule.pauseReason ?? ""
            return words.pick("\(who)：\(why)，自 \(words.instant(at))", "\(who): \(why), since \(words.instant(at))")
        }
        let next = schedule.nextFire.map(words.instant) ?? words.pick("没有下一次", "none")
        return RuleRow(
            name: schedule.name, detail: "\(schedule.queue) · \(schedule.job)",
            cells: [
                Cell(label: words.pick("规则", "Rule"), text: schedule.rule),
                Cell(
                    label: words.pick("下一次", "Next"),
                    text: schedule.pausedAt == nil ? next : words.table["paused"] ?? "", note: paused,
                    kind: schedule.pausedAt == nil ? "" : "late"),
                Cell(label: words.pick("上一次", "Last"), text: schedule.lastFire.map(words.instant) ?? "–"),
                Cell(label: words.pick("补做", "Catches up"), text: schedule.catchUp),
            ], pauseHref: nil, pauseName: "")
    }

    private static func row(
        _ quota: JobQuotaStatus, _ words: ConsoleWords, _ address: ConsoleAddress
    ) -> RuleRow {
        let isFull = quota.runningMax.map { quota.running >= $0 } ?? false
        return RuleRow(
            name: quota.name, detail: quota.isFair ? words.pick("品牌轮流", "brands take turns") : "",
            cells: [
                Cell(
                    label: words.pick("正在使用", "In use"), text: words.capped(quota.running),
                    kind: isFull ? "n late" : "n"),
                Cell(
                    label: words.pick("上限", "Limit"),
                    text: quota.runningMax.map(words.count) ?? words.pick("不限", "none"), kind: "n"),
                Cell(
                    label: words.pick("速度", "Rate"),
                    text: quota.rate.map(words.rate) ?? words.pick("不限", "none")),
                Cell(label: words.pick("等候", "Waiting"), text: words.capped(quota.waiting), kind: "n"),
                Cell(
                    label: words.table["state"] ?? "",
                    text: (quota.isPaused ? words.table["paused"] : words.table["runs"]) ?? "",
                    kind: quota.isPaused ? "late" : "good"),
            ], pauseHref: address.href("/jobs/pause", [("quota", quota.name)]),
            pauseName: words.pick("暂停配额 \(quota.name)", "Pause the quota \(quota.name)"))
    }
}

extension ConsoleWords {
    /// What says that parts of a page are left out.
    func trouble(_ missing: String) -> String {
        pick(
            "数据库太忙，2 秒内没有读到：\(missing)。没有再等，请稍后再看。",
            "The database is too busy: not read within 2 seconds: \(missing). Nothing waits for it; look again later.")
    }

    /// How fast a quota lets jobs in.
    func rate(_ rate: JobRate) -> String {
        let burst = rate.burst > 1 ? pick("，积攒至多 \(count(rate.burst)) 个", ", \(count(rate.burst)) after a rest") : ""
        guard rate.interval < .seconds(1) else {
            return pick("每 \(span(rate.interval))一个", "one each \(span(rate.interval))") + burst
        }
        let perSecond = count(Int((1 / (rate.interval / .seconds(1))).rounded()))
        return pick("每秒 \(perSecond) 个", "\(perSecond) a second") + burst
    }
}
