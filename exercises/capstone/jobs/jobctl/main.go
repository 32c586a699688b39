// Jobctl asks the job server of a folder for something, and prints its answer.
//
// usage: jobctl DIR add TEXT | status N | wait N
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 4 {
		usage()
	}
	switch os.Args[2] {
	case "add", "status", "wait":
	default:
		usage()
	}
	text, err := ask(os.Args[1], os.Args[2]+" "+os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, "jobctl:", err)
		os.Exit(1)
	}
	fmt.Println(text)
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: jobctl DIR add TEXT | status N | wait N")
	os.Exit(2)
}

// ask sends one request to the server of the folder, and gives the text of its answer.
func ask(dir, request string) (text string, err error) {
	// TODO 1: send the request as a line.

	// TODO 2: read the answer. What has come if the server ends in the midst of it?

	return "", errors.New("not written yet: see the TODOs in jobctl/main.go")
}
