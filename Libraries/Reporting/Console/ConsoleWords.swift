import FoundationEssentials
import Jobs
import Kernel

/// The words of the queue's console.
struct ConsoleWords: Sendable {
    let language: Language

    func pick(_ chinese: String, _ english: String) -> String { language == .chinese ? chinese : english }

    var languageTag: String { pick("zh-CN", "en") }
    var otherLanguage: Language { language == .chinese ? .english : .chinese }
    var otherLanguageName: String { pick("English", "中文") }

    var title: String { pick("任务队列", "Job queues") }
    var everything: String { pick("不限", "Any") }

    // MARK: Figures

    func count(_ number: Int) -> String { NumberText.grouped(Int64(number)) }

    /// A count that stops at a limit: what is beyond it reads `10,000+`.
    func capped(_ number: Int) -> String {
        number > Self.countMax ? count(Self.countMax) + "+" : count(number)
    }

    /// Where the queue's own counts stop, less the one that says so.
    static let countMax = 10_000

    /// A span of time in its two largest units.
    func span(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let units: [(Int64, String)] = [
            (86_400, pick(" 天", " d")), (3_600, pick(" 小时", " h")), (60, pick(" 分", " min")), (1, pick(" 秒", " s")),
        ]
        let whole = abs(seconds)
        guard let first = units.firstIndex(where: { whole >= $0.0 }) else {
            return "\(abs(attoseconds) / 1_000_000_000_000_000)" + pick(" 毫秒", " ms")
        }
        var text = "\(whole / units[first].0)\(units[first].1)"
        if first + 1 < units.count {
            let rest = whole % units[first].0 / units[first + 1].0
            if rest > 0 { text += " \(rest)\(units[first + 1].1)" }
        }
        return text
    }

    func ago(_ date: Date, _ now: Date) -> String { ago(.seconds(max(0, now.timeIntervalSince(date)))) }

    func ago(_ duration: Duration) -> String { pick("\(span(duration))前", "\(span(duration)) ago") }

    func instant(_ date: Date) -> String {
        let text = date.businessText
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }

    // MARK: States and reasons

    func state(_ state: JobState) -> String {
        switch state {
        case .ready: pick("待执行", "Ready")
        case .running: pick("执行中", "Running")
        case .waiting: pick("等待中", "Waiting")
        case .completed: pick("已完成", "Completed")
        case .discarded: pick("已放弃", "Discarded")
        }
    }

    func priority(_ priority: JobPriority) -> String {
        switch priority {
        case .highest: pick("最高", "highest")
        case .higher: pick("较高", "higher")
        case .normal: pick("普通", "normal")
        case .lower: pick("较低", "lower")
        case .lowest: pick("最低", "lowest")
        }
    }

    /// Why jobs of a state are where they are, as the database names it.
    static func reasons(of state: JobState) -> [String] {
        switch state {
        case .discarded: DiscardReason.allCases.map(\.rawValue)
        case .ready, .running, .waiting, .completed: []
        }
    }

    func reason(_ name: String) -> String {
        switch name {
        case "delayed": pick("定时", "delayed")
        case "retry": pick("等待重试", "to be tried again")
        case "snoozed": pick("主动推迟", "snoozed")
        case "rescued": pick("进程丢失后接回", "rescued")
        case "unknown_kind": pick("没有进程认识它", "unknown kind")
        case "dependent": pick("等待其他任务", "waits for other jobs")
        case "paused": pick("已暂停", "paused")
        case "redriven": pick("重新投递", "redriven")
        case "gate": pick("等待配额", "waits for its quota")
        case "lane": pick("排队等前一个", "waits for its lane")
        case "permanent": pick("无法成功", "hopeless")
        case "exhausted": pick("重试用尽", "last try failed")
        case "poison": pick("屡次拖垮进程", "poison")
        case "cancelled": pick("已取消", "cancelled")
        case "late": pick("超过期限", "too late")
        default: name
        }
    }

    /// Why a job waits, as a sentence.
    func waiting(_ reason: String) -> String {
        switch reason {
        case "delayed": pick("推送时约定了开始时间。", "It was pushed to start at a later time.")
        case "retry": pick("上次执行失败，稍后再试。", "Its last try failed; it is tried again later.")
        case "snoozed": pick("它自己要求稍后再来。", "It asked to be run again later.")
        case "rescued": pick("执行它的进程丢失了，已被接回。", "The process that ran it was lost; it was taken back.")
        case "unknown_kind":
            pick(
                "没有运行中的进程认识这种任务；认识它的进程一启动就会执行。",
                "No running process knows its kind; it runs as soon as one does.")
        case "dependent": pick("它所依赖的任务完成后才会开始。", "It starts when the jobs that it needs are completed.")
        case "paused": pick("被暂停拦下，恢复后继续。", "A pause holds it back; it goes on when that ends.")
        case "redriven": pick("被重新投递，按约定的速度依次开始。", "It was redriven and starts in its turn, at the agreed rate.")
        case "gate": pick("配额已用完，轮到它时开始。", "Its quota is used up; it starts in its turn.")
        case "lane": pick("同一通道里有更早的任务未完成。", "An earlier job of its lane has not ended.")
        default: reason
        }
    }

    // MARK: Acts

    /// What happened, for the top of the page after an act.
    func message(_ outcome: ConsoleOutcome) -> String {
        switch outcome.kind {
        case .paused: pick("已暂停。", "Paused.")
        case .resumed: pick("已恢复。", "Resumed.")
        case .retried: pick("任务已放回队列。", "The job is back in its queue.")
        case .notRetried:
            pick(
                "没有放回：它不在已放弃之列，或另一任务已占用它的唯一键。",
                "Not retried: it is not discarded, or another job has its unique key.")
        case .cancelled: pick("任务已取消。", "The job is cancelled.")
        case .asked: pick("已请求停止；执行它的进程会在下一次心跳时停下。", "Its worker was asked to stop it, which takes a heartbeat.")
        case .notCancelled: pick("没有取消：任务已结束。", "Not cancelled: the job has ended.")
        case .redriven:
            pick("已重新投递 \(jobs(outcome.count))。", "Redriven: \(jobs(outcome.count)).")
        case .notResumed: pick("这个暂停已经结束。", "That pause was over already.")
        }
    }

    /// Why a page cannot be shown or an act was refused; the known reasons in the reader's language.
    func refusal(_ problem: Problem) -> String {
        guard language == .chinese else { return problem.detail }
        return switch problem.code {
        case "too_slow": "数据库太忙，2 秒内没有读到，没有再等。请稍后再看，或缩小范围。"
        case "reason_missing": "请写明原因，1 到 300 个字：它会记入操作记录。"
        case "unknown_queue": "没有这个队列。"
        case "unknown_kind": "没有这种任务：从未推送过。"
        case "unknown_quota": "没有这个配额。"
        case "scope_missing": "请至少填一项：队列、类型、品牌或配额。"
        case "bad_brand": "品牌要填它的编号，一个 UUID。"
        case "bad_rate": "速度是 1 到 10,000 之间的整数。"
        case "filter_missing": "请至少选一个条件：队列、类型或原因。"
        case ProblemCode.unauthorized: "登录已过期，请重新登录。"
        case ProblemCode.forbidden: "这个页面只对运维开放，或表单已过期：请重新打开页面。"
        case ProblemCode.notFound: "没有这个任务，或它的记录已被清除。"
        default: problem.detail
        }
    }

    func action(_ name: String) -> String {
        switch name {
        case "pause": pick("暂停", "pause")
        case "resume": pick("恢复", "resume")
        case "retry": pick("重试", "retry")
        case "cancel": pick("取消", "cancel")
        case "redrive": pick("重新投递", "redrive")
        case "quota": pick("改配额", "quota")
        default: name
        }
    }

    // MARK: The table that templates name

    /// The words that templates name.
    var table: [String: String] {
        Dictionary(uniqueKeysWithValues: Self.entries.map { ($0.name, pick($0.chinese, $0.english)) })
    }

    private static let entries: [(name: String, chinese: String, english: String)] = [
        ("skip", "跳到内容", "Skip to content"),
        ("signOut", "退出", "Sign out"),
        ("pages", "页面", "Pages"),
        ("queue", "队列", "Queue"),
        ("queues", "队列", "Queues"),
        ("kind", "类型", "Kind"),
        ("job", "任务", "Job"),
        ("ready", "待执行", "Ready"),
        ("running", "执行中", "Running"),
        ("waiting", "等待中", "Waiting"),
        ("gated", "等配额", "At the gate"),
        ("discarded", "已放弃", "Discarded"),
        ("late", "最久等待", "Oldest ready"),
        ("rate", "每分钟完成", "Done / min"),
        ("state", "状态", "State"),
        ("runs", "正常", "Open"),
        ("paused", "已暂停", "Paused"),
        ("pause", "暂停…", "Pause…"),
        ("pauses", "生效中的暂停", "Active pauses"),
        ("pauseOther", "按类型、品牌或配额暂停…", "Pause by kind, brand or quota…"),
        ("name", "名称", "Name"),
        ("noPauses", "没有暂停。", "Nothing is paused."),
        ("resume", "恢复…", "Resume…"),
        ("resumeNow", "恢复", "Resume"),
        ("resumeWhy", "为什么恢复", "Why resume"),
        ("discards", "近 24 小时放弃的任务", "Discarded in the last 24 hours"),
        ("noDiscards", "近 24 小时没有放弃任何任务。", "No job was discarded in the last 24 hours."),
        ("reason", "原因", "Reason"),
        ("why", "原因", "Why"),
        ("count", "数量", "Jobs"),
        ("last", "最近一次", "Last"),
        ("error", "错误", "Error"),
        ("author", "操作人", "By"),
        ("since", "开始", "Since"),
        ("redrive", "重新投递…", "Redrive…"),
        ("open", "查看", "Show"),
        ("filter", "筛选", "Filter"),
        ("next", "下一页", "Next page"),
        ("first", "回到第一页", "First page"),
        ("none", "这里没有任务。", "No jobs here."),
        ("noneYet", "这一段里没有符合条件的任务，后面可能还有。", "None of the jobs looked at fits; there may be some further on."),
        ("worker", "进程", "Worker"),
        ("time", "时间", "Time"),
        ("action", "操作", "Act"),
        ("target", "对象", "Target"),
        ("attempts", "失败的执行", "Runs that failed"),
        ("noAttempts", "没有失败过。", "No run has failed."),
        ("progress", "进度", "Progress"),
        ("needs", "依赖的任务", "Needs"),
        ("act", "操作", "Act"),
        ("retry", "重试这个任务", "Retry this job"),
        ("cancel", "取消这个任务", "Cancel this job"),
        ("whyAct", "原因（会记入操作记录）", "Why (kept in the audit)"),
        ("preview", "先看数量", "Count first"),
        ("noAudit", "还没有操作记录。", "Nobody has done anything yet."),
        ("facts", "详情", "Details"),
        ("payload", "任务内容可能涉及个人，这里从不显示。", "What a job carries may name persons: it is never shown here."),
        ("back", "回到总览", "Back to the overview"),
    ]
}
