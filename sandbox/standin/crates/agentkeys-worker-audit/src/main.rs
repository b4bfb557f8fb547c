fn main() {
    standin::run("agentkeys-worker-audit")
}
