package room

import (
	"errors"
	"os"
	"path/filepath"

	"ipclab/grader/room/wall"
)

// raiseWorkshop builds the walls around one tool, which starts in a folder.
func raiseWorkshop(w Workshop, dir string, l Limits) (keeper, error) {
	if err := GiveToInmates(w.Dir); err != nil {
		return nil, err
	}
	house := OpenHouse(w.Tool, w.Cache, w.Dir)
	kind := blockKind{limits: l, once: true}
	block, err := house.block(kind)
	if err != nil {
		return nil, err
	}
	c := wall.Cell{Name: "workshop" + cellMark, Folder: wall.FilesFolder, Deny: wall.Unix | wall.Inet, Space: int64(l.Disk), Files: workshopFiles, Binds: []wall.Bind{
		{From: w.Tool, To: w.Tool},
		{From: w.Cache, To: w.Cache, Overlay: true},
		{From: w.Dir, To: w.Dir, Write: true},
	}}
	k := &walled{house: house, block: block, kind: kind, workshop: dir, roles: map[string]*roleCells{"workshop": {free: []string{c.Name}}}, ids: map[int]bool{}, reapers: map[int]bool{}}
	if err := block.Furnish(wall.Layout{Cells: []wall.Cell{c}, FolderSize: 1 << 20, Inodes: 16}); err != nil {
		return nil, errors.Join(err, house.raze(block))
	}
	return k, nil
}

// workshopFiles is how many files a tool may write to its cache in one go.
const workshopFiles = 100_000

// GiveToInmates gives a folder of the grader's, with all that is in it, to the user of rooms, if that is another.
func GiveToInmates(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := wall.User()
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
