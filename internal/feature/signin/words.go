package signin

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

func sorted(values map[string][]string) []string { return slices.Sorted(maps.Keys(values)) }

// agentName says in few words what a browser is: "Chrome · Android".
func agentName(agent string) string {
	pick := func(list ...[2]string) string {
		for _, l := range list {
			if strings.Contains(agent, l[0]) {
				return l[1]
			}
		}
		return ""
	}
	browser := pick([2]string{"MicroMessenger", "微信"}, [2]string{"Edg/", "Edge"}, [2]string{"Firefox/", "Firefox"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"})
	system := pick([2]string{"HarmonyOS", "HarmonyOS"}, [2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"},
		[2]string{"Windows", "Windows"}, [2]string{"Mac OS", "Mac"}, [2]string{"Linux", "Linux"})
	return strings.Trim(browser+" · "+system, " ·")
}

// with adds a parameter to a local path.
func with(path, name, value string) string {
	u, err := url.Parse(path)
	if err != nil {
		return "/"
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}
