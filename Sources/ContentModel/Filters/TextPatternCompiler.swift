/// Turns expressions into programs.
struct TextPatternCompiler {
    typealias Problem = TextPattern.Problem
    typealias Instruction = TextPattern.Instruction

    private var program: [Instruction] = []

    mutating func program(for expression: TextExpression) throws(Problem) -> [Instruction] {
        try add(expression)
        program.append(.found)
        return program
    }

    private mutating func append(_ instruction: Instruction) throws(Problem) {
        guard program.count < TextPattern.longestProgram else { throw Problem(reason: "it is too long") }
        program.append(instruction)
    }

    private mutating func add(_ expression: TextExpression) throws(Problem) {
        switch expression {
        case .one(let set): try append(.take(set))
        case .require(let assertion): try append(.require(assertion))
        case .sequence(let parts): for part in parts { try add(part) }
        case .alternatives(let parts): try addAlternatives(parts[...])
        case .repeated(let part, let least, let most): try addRepeated(part, least, most)
        }
    }

    private mutating func addAlternatives(_ parts: ArraySlice<TextExpression>) throws(Problem) {
        var jumps: [Int] = []
        for part in parts.dropLast() {
            let split = program.count
            try append(.split(split + 1, 0))
            try add(part)
            jumps.append(program.count)
            try append(.jump(0))
            program[split] = .split(split + 1, program.count)
        }
        if let last = parts.last { try add(last) }
        for jump in jumps { program[jump] = .jump(program.count) }
    }

    private mutating func addRepeated(_ part: TextExpression, _ least: Int, _ most: Int?) throws(Problem) {
        for _ in 0..<least {
            let start = program.count
            try add(part)
            // Nothing repeated is nothing, and would not run into the limit on the program's length.
            if program.count == start { return }
        }
        guard let most else { return try addLoop(part) }
        for _ in least..<most {
            let split = program.count
            try append(.split(split + 1, 0))
            try add(part)
            program[split] = .split(split + 1, program.count)
        }
    }

    private mutating func addLoop(_ part: TextExpression) throws(Problem) {
        let split = program.count
        try append(.split(split + 1, 0))
        try add(part)
        try append(.jump(split))
        program[split] = .split(split + 1, program.count)
    }
}
