// Naive on purpose: encoding/json, base64 strings by number in a map, joined at the end, decoded
// once. Usage: naive URL [--verify]
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

type frame struct {
	Type        string `json:"type"`
	Seq         int    `json:"seq"`
	Data        any    `json:"data"`
	TotalChunks int    `json:"totalChunks"`
}

func main() {
	verify := len(os.Args) > 2 && os.Args[2] == "--verify"
	begun := time.Now()
	socket, _, err := websocket.DefaultDialer.Dial(os.Args[1], nil)
	if err != nil {
		log.Fatal(err)
	}
	defer socket.Close()
	chunks := map[int]string{}
	total := -1
	for total < 0 {
		_, message, err := socket.ReadMessage()
		if err != nil {
			log.Fatal(err)
		}
		var got frame
		if err := json.Unmarshal(message, &got); err != nil {
			log.Fatal(err)
		}
		switch got.Type {
		case "chunk":
			chunks[got.Seq], _ = got.Data.(string)
		case "complete":
			total = got.TotalChunks
		}
	}
	var joined strings.Builder
	for seq := 1; seq <= total; seq++ {
		joined.WriteString(chunks[seq])
	}
	payload, err := base64.StdEncoding.DecodeString(joined.String())
	if err != nil {
		log.Fatal(err)
	}
	seconds := time.Since(begun).Seconds()
	digest := ""
	if verify {
		sum := sha256.Sum256(payload)
		digest = hex.EncodeToString(sum[:])
	}
	out, _ := json.Marshal(map[string]any{"bytes": len(payload), "seconds": seconds, "sha256": digest})
	fmt.Println(string(out))
}
