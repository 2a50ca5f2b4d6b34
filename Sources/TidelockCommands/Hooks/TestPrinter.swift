internal import Foundation
internal import HookHost

/// How tests went, as people read it.
struct TestPrinter {
    let style: TextStyle
    private var file = ""

    init(style: TextStyle) {
        self.style = style
    }

    /// The lines about one more test; the first of a file names the file.
    mutating func lines(_ result: HookTestResult) -> [String] {
        var lines: [String] = []
        if result.file != file {
            file = result.file
            lines.append(style.strong(file))
        }
        let mark = result.passed ? style.good("ok    ") : style.bad("FAILED")
        lines.append("  \(mark)  \(result.name)  \(style.faint(milliseconds(result.seconds)))")
        if let problem = result.problem {
            lines += "\(problem)".split(separator: "\n").map { "          \($0)" }
        }
        return lines + comparison(result)
    }

    func summary(_ results: [HookTestResult], seconds: Double) -> String {
        let failed = results.count { !$0.passed }
        let time = milliseconds(seconds)
        guard failed > 0 else { return style.good("\(results.count) tests passed") + " in \(time)" }
        return style.bad("\(failed) of \(results.count) tests failed") + " in \(time)"
    }

    /// Texts of one line are in the sentence already.
    private func comparison(_ result: HookTestResult) -> [String] {
        guard let expected = result.expected, let got = result.got, expected.contains("\n") || got.contains("\n") else {
            return []
        }
        let difference = LineDifference(expected, got).excerpt()
        return ["          - expected, + got"] + difference.map { "          \(style.line($0))" }
    }

    private func milliseconds(_ seconds: Double) -> String {
        "\((seconds * 10_000).rounded() / 10) ms"
    }
}
