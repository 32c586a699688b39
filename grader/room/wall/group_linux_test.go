package wall

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFindHierarchies(t *testing.T) {
	for _, x := range []struct {
		name, own, mounts string
		want              []hierarchy
	}{
		{"version 1", "8:pids:/\n4:memory:/jobs/7\n0::/\n",
			"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n30 31 0:36 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
			[]hierarchy{{"/sys/fs/cgroup/memory/jobs/7", 1, true, false}, {"/sys/fs/cgroup/pids", 1, false, true}}},
		{"version 2, under a user's systemd", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope\n",
			"25 31 0:32 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
			[]hierarchy{{"/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice", 2, true, true}}},
		{"version 2, in a container's own mount", "0::/docker/abc/leaf\n",
			"25 31 0:32 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
			[]hierarchy{{"/sys/fs/cgroup", 2, true, true}}},
		{"both controllers in one tree", "4:memory,pids:/x\n",
			"25 31 0:32 / /cg rw - cgroup none rw,memory,pids\n",
			[]hierarchy{{"/cg/x", 1, true, true}}},
		{"none", "", "36 35 98:0 / / rw - ext4 /dev/root rw\nbroken line\n", nil},
	} {
		t.Run(x.name, func(t *testing.T) { assert.Equal(t, x.want, findHierarchies(x.own, x.mounts)) })
	}
}
