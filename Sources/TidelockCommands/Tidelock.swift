public enum Tidelock { public static func run() async {} }
