package room

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"runtime"
)

// A program that needs nothing of the host is wanted to try a fence with. The grader itself will not do: it
// may be linked dynamically, and the libraries are outside.

// loadAt is where the program lies in memory.
const loadAt = 0x400000

// smallestProgram makes an executable for this machine, which ends with status 0 when its standard input ends.
func smallestProgram() []byte {
	machine, code := elf.EM_X86_64, []byte{
		0x31, 0xc0, 0x31, 0xff, 0x48, 0x89, 0xe6, 0xba, 1, 0, 0, 0, 0x0f, 0x05, // read(0, rsp, 1)
		0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05} // exit(0)
	if runtime.GOARCH == "arm64" {
		machine, code = elf.EM_AARCH64, []byte{
			0, 0, 0x80, 0xd2, 0xe1, 0x03, 0, 0x91, 0x22, 0, 0x80, 0xd2, 0xe8, 0x07, 0x80, 0xd2, 1, 0, 0, 0xd4, // read(0, sp, 1)
			0, 0, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 1, 0, 0, 0xd4} // exit(0)
	}
	const headers = 64 + 56
	size := uint64(headers + len(code))
	var out bytes.Buffer
	binary.Write(&out, binary.LittleEndian, elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Entry: loadAt + headers,
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1})
	binary.Write(&out, binary.LittleEndian, elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: loadAt, Filesz: size, Memsz: size, Align: 0x1000})
	out.Write(code)
	return out.Bytes()
}
