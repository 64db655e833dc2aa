BEGIN TRANSACTION;
CREATE TABLE asked (number INTEGER PRIMARY KEY, place INTEGER NOT NULL, body TEXT NOT NULL,
                    seal INTEGER NOT NULL);
INSERT INTO "asked" VALUES(0,0,'{"operator":"random","parents":[],"genome":{"normal":{"combinations":[[["dil3x3",1],["identity",1]],[["conv1x7_7x1",1],["avg3x3",1]]]},"reduction":{"combinations":[[["max3x3",0],["sep5x5",1]],[["sep5x5",0],["avg3x3",2]]]}}}',69097228);
INSERT INTO "asked" VALUES(1,0,'{"operator":"random","parents":[],"genome":{"normal":{"combinations":[[["sep5x5",0],["avg3x3",0]],[["conv1x7_7x1",1],["conv1x7_7x1",2]]]},"reduction":{"combinations":[[["dil3x3",0],["sep3x3",1]],[["identity",1],["dil3x3",2]]]}}}',3829330816);
INSERT INTO "asked" VALUES(2,0,'{"operator":"random","parents":[],"genome":{"normal":{"combinations":[[["identity",0],["sep3x3",1]],[["sep5x5",2],["avg3x3",1]]]},"reduction":{"combinations":[[["sep7x7",0],["sep5x5",1]],[["dil3x3",2],["max3x3",2]]]}}}',127988268);
INSERT INTO "asked" VALUES(3,1,'{"operator":"random","parents":[],"genome":{"normal":{"combinations":[[["sep7x7",0],["max3x3",1]],[["sep3x3",2],["identity",1]]]},"reduction":{"combinations":[[["avg3x3",0],["sep7x7",1]],[["conv1x7_7x1",1],["sep5x5",0]]]}}}',1046199951);
INSERT INTO "asked" VALUES(4,4,'{"operator":"amoeba-operation","parents":[0],"genome":{"normal":{"combinations":[[["sep7x7",1],["sep3x3",1]],[["conv1x7_7x1",0],["sep3x3",0]]]},"reduction":{"combinations":[[["identity",1],["avg3x3",0]],[["sep7x7",2],["max3x3",1]]]}}}',696068238);
INSERT INTO "asked" VALUES(5,4,'{"operator":"amoeba-hidden-state","parents":[2],"genome":{"normal":{"combinations":[[["avg3x3",1],["identity",1]],[["sep7x7",2],["identity",0]]]},"reduction":{"combinations":[[["sep3x3",1],["conv1x7_7x1",0]],[["dil3x3",2],["sep3x3",2]]]}}}',795830464);
INSERT INTO "asked" VALUES(6,4,'{"operator":"amoeba-identity","parents":[2],"genome":{"normal":{"combinations":[[["sep3x3",1],["avg3x3",0]],[["identity",0],["conv1x7_7x1",2]]]},"reduction":{"combinations":[[["max3x3",1],["identity",1]],[["conv1x7_7x1",0],["dil3x3",2]]]}}}',3147075191);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, seal INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('data_dir','null',825503188);
INSERT INTO "meta" VALUES('environment','{"python":"3.11.7","evonas":"0.1.0"}',3238978397);
INSERT INTO "meta" VALUES('fitness','"function of genome"',1696713715);
INSERT INTO "meta" VALUES('format','1',373122065);
INSERT INTO "meta" VALUES('settings','{"genome":"amoeba","strategy":"aging","dataset":"","train_limit":null,"budget":12,"look_ahead":4,"inherit":"match","seed":1,"start":null,"device":"cpu","precision":"float32","threads":1,"space":{"cells":1,"filters":4,"operations":["identity","sep3x3","sep5x5","sep7x7","avg3x3","max3x3","dil3x3","conv1x7_7x1"],"combinations":2,"stages":3,"stem":"auto"},"tactics":{"population":3,"sample":2},"training":{"epochs":3,"batch_size":64,"learning_rate":0.1,"final_learning_rate":0.0,"schedule":"cosine","milestones":[],"decay":0.1,"rates":[],"momentum":0.9,"weight_decay":0.0005,"label_smoothing":0.0,"gradient_clip":5.0,"crop":null,"mirror":null,"cutout":0,"drop_path":0.0,"auxiliary":0.0,"norm_momentum":null,"repeats":1},"final":{"epochs":60,"learning_rate":0.1,"label_smoothing":0.1},"recipe":"amoebanet-small"}',58038633);
CREATE TABLE told (number INTEGER PRIMARY KEY, place INTEGER NOT NULL, fitness REAL,
                   lineage_epochs REAL NOT NULL, body TEXT NOT NULL, seal INTEGER NOT NULL);
INSERT INTO "told" VALUES(0,0,0.5,4.0,'{"status":"done","parameters":1234,"flops":56789,"seconds":1.5,"curve":[[2.25,null],[1.5,0.5]],"metrics":{"loss":1.25}}',2488639499);
INSERT INTO "told" VALUES(1,1,NULL,0.0,'{"status":"failed","reason":"out of memory: CUDA out of memory","seconds":0.25}',1085240971);
INSERT INTO "told" VALUES(2,2,0.75,4.0,'{"status":"done","parameters":4321,"flops":98765,"seconds":1.75}',2107292460);
INSERT INTO "told" VALUES(3,3,0.25,4.0,'{"status":"done","parameters":4321,"flops":98765,"seconds":1.75}',2424547221);
INSERT INTO "told" VALUES(4,4,0.625,8.0,'{"status":"done","parameters":1235,"flops":56790,"inherited":0.875,"seconds":1.5,"metrics":{"accuracy_before":0.375}}',109137542);
CREATE TABLE weights (number INTEGER PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL,
                      digest TEXT NOT NULL, seal INTEGER NOT NULL);
INSERT INTO "weights" VALUES(0,'000000.safetensors',1000,'00000000000000000000000000000000',2601847926);
INSERT INTO "weights" VALUES(2,'000002.safetensors',1002,'00000000000000000000000000000002',4202158955);
INSERT INTO "weights" VALUES(4,'000004.safetensors',1004,'00000000000000000000000000000004',1506845260);
COMMIT;
