fn main() {
    standin::run("agentkeys-worker-memory")
}
