fn main() {
    standin::run("agentkeys-mock-server")
}
