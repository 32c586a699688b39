// Resident is a program that lives in a room and does as its arguments say.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
)

func main() {
	switch arg := os.Args[2:]; os.Args[1] {
	case "echo":
		echo(arg[0], arg[1])
	case "dial":
		c, err := net.Dial(arg[0], arg[1])
		check(err)
		fmt.Fprintln(c, "hello")
	case "eat":
		eat(arg[0])
	case "desert": // leaves a child behind
		cmd := exec.Command(os.Args[0], "stay")
		cmd.Stdout = os.Stdout
		check(cmd.Start())
	case "stay":
		stay()
	case "multiply":
		multiply()
	case "signals":
		status, err := os.ReadFile("/proc/self/status")
		check(err)
		fmt.Println(string(regexp.MustCompile(`(?m)^SigIgn:.*$`).Find(status)))
	case "storm": // pid 1 is asked to end, for ever
		fmt.Println("here")
		for {
			syscall.Kill(1, syscall.SIGHUP)
		}
	case "fill":
		fill(arg[0])
	case "compute":
		for i := 0; ; i++ {
			if i == 1<<30 {
				i = 0
			}
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// echo answers lines in a network.
func echo(network, address string) {
	if network == "udp" {
		c, err := net.ListenPacket(network, address)
		check(err)
		fmt.Println("listening on", c.LocalAddr())
		b := make([]byte, 1000)
		for {
			n, from, err := c.ReadFrom(b)
			check(err)
			_, err = c.WriteTo(b[:n], from)
			check(err)
		}
	}
	l, err := net.Listen(network, address)
	check(err)
	fmt.Println("listening on", l.Addr())
	c, err := l.Accept()
	check(err)
	for in := bufio.NewScanner(c); in.Scan(); {
		fmt.Fprintln(c, in.Text())
	}
}

// stay waits for what never comes, since it holds the other end itself.
func stay() {
	r, _, err := os.Pipe()
	check(err)
	fmt.Println("here")
	r.Read(make([]byte, 1))
}

// eat takes so many MiB, in private memory or, with an s before the number, in shared memory, and keeps them.
func eat(amount string) {
	flags := syscall.MAP_ANON | syscall.MAP_PRIVATE
	if amount[0] == 's' {
		flags, amount = syscall.MAP_ANON|syscall.MAP_SHARED, amount[1:]
	}
	n, err := strconv.Atoi(amount)
	check(err)
	for range n {
		b, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, flags)
		check(err)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
	}
	fmt.Println("full")
	select {}
}

// multiply starts itself for ever, but no more than a machine can bear.
func multiply() {
	for range 300 {
		exec.Command(os.Args[0], "multiply").Start()
	}
	select {}
}

// fill writes a file until it cannot, or has written 512 MiB.
func fill(path string) {
	f, err := os.Create(path)
	check(err)
	b := make([]byte, 1<<20)
	for n := range 512 {
		if _, err := f.Write(b); err != nil {
			fmt.Println(n, "MiB:", err)
			return
		}
	}
	fmt.Println("no end")
}
